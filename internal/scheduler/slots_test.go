package scheduler

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/internal/policy"
)

func TestSlots(t *testing.T) {
	s := newSlots([]string{"exec", "http"}, 3)
	if diff := cmp.Diff(map[string]int{"exec": 2, "http": 2}, s.take(2)); diff != "" {
		t.Errorf("first take (-want +got):\n%s", diff)
	}
	s.give("http", 2)
	if diff := cmp.Diff(map[string]int{"exec": 1, "http": 2}, s.take(2)); diff != "" {
		t.Errorf("second take (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"http"}, s.available()); diff != "" {
		t.Errorf("available (-want +got):\n%s", diff)
	}
	claim := policy.Claim{Decided: []policy.Decided{{
		Look: policy.Look{Queue: "http"}, Decision: policy.Decision{Begin: make([]policy.Start, 2)},
	}}}
	s.spend(claim) // beyond what is free: the runs have begun
	if got := s.available(); len(got) != 0 || len(s.take(9)) != 0 {
		t.Errorf("available after overspending: %v", got)
	}
	s.refund(claim)
	if diff := cmp.Diff(map[string]int{"http": 1}, s.take(9)); diff != "" {
		t.Errorf("take after the refund (-want +got):\n%s", diff)
	}
}
