package job

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestSecretsOfATextAreMasked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://ada:hunter2@example.org/x":         "https://ada:*****@example.org/x",
		"https://ghp_abc@github.com/x":              "https://*****@github.com/x",
		"postgres://u:p@ss:w@db/app?sslmode=on":     "postgres://u:*****@db/app?sslmode=on",
		"https://example.org/a@b:c":                 "https://example.org/a@b:c",
		"https://h/?a=1&access_token=x&b=2#f":       "https://h/?a=1&access_token=*****&b=2#f",
		"https://h/?auth=x":                         "https://h/?auth=*****",
		"see http://a:b@h, and http://c:d@h":        "see http://a:*****@h, and http://c:*****@h",
		"--password=hunter2":                        "--password=*****",
		"DB_PASSWORD=hunter2 exec run":              "DB_PASSWORD=***** exec run",
		`curl -H 'Authorization: Bearer abc def' x`: `curl -H 'Authorization: *****' x`,
		"Cookie: a=b; c=d":                          "Cookie: *****",
		`{"user":"ada","api_key" : "a\"b","n":1}`:   `{"user":"ada","api_key" : "*****\"b","n":1}`,
		`{\"token\":\"abc\"}`:                       `{\"token\":\"*****\"}`,
		`{"max_tokens": 100, "model": "m"}`:         `{"max_tokens": 100, "model": "m"}`,
		"client_secret: abc\nnext: 1":               "client_secret: *****\nnext: 1",
		"authors: ada, secretary of state":          "authors: ada, secretary of state",
		"sleep 60; echo $GREETING":                  "sleep 60; echo $GREETING",
		"PWD=/srv":                                  "PWD=/srv",
		"MYSQL_PWD=x":                               "MYSQL_PWD=*****",
		"token=":                                    "token=",
		"":                                          "",
	} {
		if got := maskText(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
	const err = `Get "https://t0ken@h/?sig=1&token=x": unexpected token: y`
	if got, want := maskURLs(err), `Get "https://*****@h/?sig=1&token=*****": unexpected token: y`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A mask is not masked again, whatever the text.
func TestMaskStaysAsItIs(t *testing.T) {
	t.Parallel()
	part := rapid.SampledFrom([]string{
		"token", "password", "Authorization", "cookie", "=", ":", "://", "@", "?", "&", " ", "\"", "'", `\`, "\n", "a", "é",
		"tokens", "7", ";", ",", "-", Mask, "*",
	})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(part).Draw(t, "text"), "")
		once := maskText(text)
		if twice := maskText(once); twice != once {
			t.Fatalf("%q is %q, and then %q", text, once, twice)
		}
	})
}

func secretive() Definition {
	d := Defaults()
	d.ID = "ping"
	d.Work = &HTTP{URL: "https://ada:hunter2@example.org", Body: `{"password":"hunter3","n":1}`,
		Headers: map[string]string{"Authorization": "Bearer hunter4", "Accept": "*/*", "X-Api-Token": "hunter5"}}
	d.OnFailure = &OnFailure{After: 3, HTTP: &HTTP{URL: "https://example.org/?token=hunter6"}}
	return d
}

func TestDefinitionIsShownMaskedAndComesBackWhole(t *testing.T) {
	t.Parallel()
	program := Defaults()
	program.Work = &Exec{Command: []string{"run", "--password", "hunter7", "--token=hunter8", "--token", "--x",
		"postgres://u:hunter9@h"},
		Env: map[string]string{"API_SECRET": "hunter10", "DATABASE_URL": "postgres://u:hunter11@h", "LANG": "C",
			"TOKEN": ""}}
	for _, d := range []Definition{secretive(), program} {
		shown := d.Masked()
		text, err := json.Marshal(shown)
		if err != nil || strings.Contains(string(text), "hunter") || !strings.Contains(string(text), Mask) {
			t.Errorf("shown as %s (%v)", text, err)
		}
		whole, err := shown.Unmasked(&d)
		if diff := cmp.Diff(d, whole); err != nil || diff != "" {
			t.Errorf("it comes back as (-want +got) %v:\n%s", err, diff)
		}
		if again := shown.Masked(); !SameStored(again, shown) {
			t.Errorf("masked twice it is %+v", again)
		}
	}
	got := program.Masked().Work.(*Exec)
	want := &Exec{Command: []string{"run", "--password", Mask, "--token=" + Mask, "--token", "--x",
		"postgres://u:*****@h"},
		Env: map[string]string{"API_SECRET": Mask, "DATABASE_URL": "postgres://u:*****@h", "LANG": "C", "TOKEN": ""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What is edited around a mask, or comes where nothing is stored, is refused by the name of its field.
func TestMaskThatStandsForNothingIsRefused(t *testing.T) {
	t.Parallel()
	stored := secretive()
	for _, c := range []struct {
		name   string
		stored *Definition
		edit   func(*HTTP, *OnFailure)
		fields []string
	}{
		{"no job", nil, func(*HTTP, *OnFailure) {}, []string{"http.body", "http.headers.Authorization",
			"http.headers.X-Api-Token", "http.url", "on_failure.http.url"}},
		{"another host", &stored, func(h *HTTP, _ *OnFailure) { h.URL = "https://ada:*****@example.net" },
			[]string{"http.url"}},
		{"another header", &stored, func(h *HTTP, _ *OnFailure) { h.Headers["X-Token"] = Mask },
			[]string{"http.headers.X-Token"}},
		{"other words around it", &stored, func(_ *HTTP, f *OnFailure) { f.HTTP.URL += "&x=1" },
			[]string{"on_failure.http.url"}},
		{"a new secret", &stored, func(h *HTTP, _ *OnFailure) { h.Headers["Authorization"] = "Basic x" }, nil},
		{"stars that are no secret", &stored, func(h *HTTP, _ *OnFailure) { h.Headers["Accept"] = Mask }, nil},
	} {
		shown := stored.Masked()
		c.edit(shown.Work.(*HTTP), shown.OnFailure)
		_, err := shown.Unmasked(c.stored)
		var fields []string
		var invalid *InvalidError
		if errors.As(err, &invalid) {
			for _, f := range invalid.Fields {
				fields = append(fields, f.Field)
			}
		}
		if diff := cmp.Diff(c.fields, fields); diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", c.name, err, diff)
		}
	}
}

// A long text is masked in a time that grows with its length; with the square of it this would take minutes.
func TestLongTextIsMasked(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"://", "token=", "token:\"", "=", "a://b@", "token", `\`, "password="} {
		long := strings.Repeat(text, 1<<20/len(text))
		if got := maskText(long); maskText(got) != got {
			t.Errorf("%q: its mask does not stay", text)
		}
	}
}
