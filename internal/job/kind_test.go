package job

import (
	"strings"
	"testing"
	"time"
)

// The descriptors of all kinds hold together: each tells all of itself, and nothing that another one says of itself.
func TestKinds(t *testing.T) {
	names, prefixes := map[string]bool{}, map[string]bool{}
	for _, k := range Kinds {
		if names[k.Name] || k.Name == "" || k.Serve == "" || !strings.HasPrefix(k.Example, `"`+k.Name+`": {`) {
			t.Errorf("kind %q is named twice, or does not tell all of itself", k.Name)
		}
		if p := k.Codes.Prefix; p != "" && (prefixes[p] || kindOfCodes(p) != k) {
			t.Errorf("the codes %s of %s are those of another kind too", p, k.Name)
		}
		names[k.Name], prefixes[k.Codes.Prefix] = true, true
		if w := k.New(); w.Kind() != k || KindOf(k.Name) != k || ExecutorOf(w.Queue()) != k.Name {
			t.Errorf("new work of kind %s is of kind %s, in queue %s", k.Name, w.Kind().Name, w.Queue())
		}
	}
	if KindOf("") != nil || KindOf("mail") != nil {
		t.Error("there is a kind of work that nobody described")
	}
}

func TestCodeExamplesAreCodes(t *testing.T) {
	for _, k := range Kinds {
		for entry := range strings.SplitSeq(k.Codes.Examples, ", ") {
			if r, ok := parseCodes(entry); entry != "" && (!ok || r.kind != k) {
				t.Errorf("%s gives the example %s, which is not one of its codes", k.Name, entry)
			}
		}
	}
}

func TestEffectiveTimeout(t *testing.T) {
	for _, c := range []struct {
		d    Definition
		want time.Duration
	}{
		{Definition{}, 0},
		{Definition{Work: &Exec{}}, 0},
		{Definition{Work: &HTTP{}}, time.Minute},
		{Definition{Work: &HTTP{}, Timeout: time.Second}, time.Second},
	} {
		if got := c.d.EffectiveTimeout(); got != c.want {
			t.Errorf("a timeout of %s for %q is one of %s, want %s", c.d.Timeout, c.d.Executor(), got, c.want)
		}
	}
}
