package server

import (
	"encoding/json"
	"testing"
)

// The examples of RFC 7396, appendix A, whose patch is an object.
func TestMerged(t *testing.T) {
	for _, c := range []struct{ target, patch, want string }{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`{"e":null}`, `{"a":1}`, `{"a":1,"e":null}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
		{`{"n":1}`, `{"m":1e30,"d":12345678901234567890}`, `{"d":12345678901234567890,"m":1e30,"n":1}`},
	} {
		target, err := readObject([]byte(c.target))
		patch, err2 := readObject([]byte(c.patch))
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		again, _ := json.Marshal(patch)
		if got, err := json.Marshal(merged(target, patch)); err != nil || string(got) != c.want {
			t.Errorf("%s with %s is %s, %v; want %s", c.target, c.patch, got, err, c.want)
		}
		if after, _ := json.Marshal(patch); string(after) != string(again) {
			t.Errorf("the patch %s became %s", again, after)
		}
	}
}
