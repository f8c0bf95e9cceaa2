package form_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pgdue/pgdue/internal/form"
)

func TestUnmarshalRefusesWhatHasTwoReadings(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": 1, "a": 1}`:                                  "a: given twice",
		`{"a": [{}, {"b": 1, "b": 2}]}`:                     "a[1].b: given twice",
		`[[{"": {"c": 0, "\u0063": 0}}]]`:                   "[0][0]..c: given twice",
		"{\"a\": \"\xff\"}":                                 "holds bytes that are not UTF-8",
		strings.Repeat("[", 101) + strings.Repeat("]", 101): "is nested deeper than 100",
		`{"a": 1} {`:                                        "invalid character '{' after top-level value",
	} {
		var v any
		if err := form.Unmarshal([]byte(text), &v); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.80s: %v, want %s", text, err, want)
		}
	}
}

// FuzzUnmarshal holds that what is read is what json.Unmarshal reads, and that reading it once more changes nothing.
func FuzzUnmarshal(f *testing.F) {
	for _, s := range []string{`{"a": [1, {"b": null}], "c": "\u0061"}`, `{"a": 1, "a": 2}`, `[{}, []]`, `"a"`, `5`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var strict, lax, again any
		if form.Unmarshal(data, &strict) != nil {
			return
		}
		if err := json.Unmarshal(data, &lax); err != nil {
			t.Fatalf("%q is read, and json says %v", data, err)
		}
		text, err := json.Marshal(strict)
		if err != nil {
			t.Fatal(err)
		}
		if err := form.Unmarshal(text, &again); err != nil {
			t.Errorf("%q is read, and %q is not: %v", data, text, err)
		}
	})
}
