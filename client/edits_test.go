package client_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/server/servertest"
)

func TestJobsAreEdited(t *testing.T) {
	t.Parallel()
	c, _ := serve(t)
	ctx := t.Context()
	added, err := c.AddJob(ctx, every5s("j"))
	if err != nil {
		t.Fatal(err)
	}
	changed, err := c.ModifyJob(ctx, "j", added.Revision, map[string]any{"max_instances": 7, "timeout": nil}, "")
	if err != nil || *changed.MaxInstances != 7 || changed.Trigger.Every != "5s" {
		t.Errorf("modified to %+v, %v", changed.JobDefinition, err)
	}
	if _, err := c.ModifyJob(ctx, "j", added.Revision, map[string]any{"max_instances": 8}, ""); !client.IsChanged(err) {
		t.Errorf("modified from a revision that has passed: %v", err)
	}
	if j, err := c.ModifyJob(ctx, "j", 0, map[string]any{"max_instances": 8}, ""); err != nil || *j.MaxInstances != 8 {
		t.Errorf("modified whatever its revision: %v", err)
	}
	skipped, err := c.SkipNext(ctx, "j", client.SkipNextRequest{Reason: "holiday"})
	if err != nil || !skipped.LastFireTime.Equal(added.NextRunTime) || !skipped.NextRunTime.After(added.NextRunTime) {
		t.Errorf("skipped %s, next %s, %v", skipped.LastFireTime, skipped.NextRunTime, err)
	}
	to := servertest.Now.Add(time.Hour)
	if j, err := c.RescheduleJob(ctx, "j", client.RescheduleRequest{NextRunTime: to}); err != nil ||
		!j.NextRunTime.Equal(to) {
		t.Errorf("moved to %s, %v", j.NextRunTime, err)
	}
	var told []string
	for before, more := int64(0), true; more; {
		page, err := c.Events(ctx, "j", before, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Items {
			told = append(told, e.Action)
		}
		before, more = page.Next, page.Next != 0
	}
	if want := []string{"rescheduled", "next_skipped", "changed", "changed", "added"}; !slices.Equal(told, want) {
		t.Errorf("events are %q, want %q", told, want)
	}
}
