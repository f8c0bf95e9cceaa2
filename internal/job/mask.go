package job

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// What leaves the scheduler is masked: definitions that are read, and the rows that events tell of. Masks are for
// screens, logs and tickets; who may edit a job can learn its secrets all the same. A text that comes back as it was
// shown keeps what is stored, so a job can be read, changed elsewhere, and put.

// Masked is the definition as it may be shown.
func (d Definition) Masked() Definition {
	return d.withTexts(maySecret, maskedText)
}

// Unmasked is the definition with the secrets of the stored one where its texts are masked as those would be; stored is
// nil where there is none. *InvalidError: a mask stands where another text is stored, or none.
func (d Definition) Unmasked(stored *Definition) (Definition, error) {
	if !mayMask(written(d.Work)) && !mayMask(written(d.OnFailure)) {
		return d, nil
	}
	known := map[string]string{}
	if stored != nil {
		stored.withTexts(maySecret, func(at *place, text string, _ bool) string {
			known[at.String()] = text
			return text
		})
	}
	var v violations
	found := false
	whole := d.withTexts(mayMask, func(at *place, text string, secret bool) string {
		if !holdsMask(text, secret) {
			return text
		}
		found = true
		if before, ok := known[at.String()]; ok && masked(before, secret) == text {
			return before
		}
		v.add(at.String(), "holds %s in place of a secret, and is not what the stored job shows here; write the "+
			"secret itself", Mask)
		return text
	})
	if !found {
		return d, nil
	}
	slices.SortFunc(v, func(a, b FieldError) int { return strings.Compare(a.Field, b.Field) })
	return whole, v.err()
}

// MaskRow masks a row of the table jobs as JSON, nil for none.
func MaskRow(row json.RawMessage) (json.RawMessage, error) {
	if row == nil {
		return nil, nil
	}
	var columns map[string]json.RawMessage
	if err := json.Unmarshal(row, &columns); err != nil {
		return nil, fmt.Errorf("read a row of jobs: %w", err)
	}
	for _, name := range []string{"payload", "on_failure"} {
		var tree any
		if !maySecret(columns[name]) || json.Unmarshal(columns[name], &tree) != nil {
			continue // also a column that is not there
		}
		columns[name] = written(withTexts(tree, &place{name: name}, false, maskedText))
	}
	return json.Marshal(columns)
}

// onText makes of a text another one; secret says that the text as a whole is a secret by its name.
type onText func(at *place, text string, secret bool) string

func maskedText(_ *place, text string, secret bool) string { return masked(text, secret) }

// withTexts is the definition with other texts in its work and in what is done on failure, where their JSON is worth a
// look.
func (d Definition) withTexts(look func(text []byte) bool, f onText) Definition {
	if d.Work != nil {
		kind := d.Work.Kind()
		if text := written(d.Work); look(text) {
			d.Work = kind.New()
			rewrite(text, d.Work, kind.Name, f)
		}
	}
	if d.OnFailure != nil {
		if text := written(d.OnFailure); look(text) {
			d.OnFailure = &OnFailure{}
			rewrite(text, d.OnFailure, "on_failure", f)
		}
	}
	return d
}

// written is a value's JSON.
func written(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("%T has no JSON form: %v", v, err))
	}
	return text
}

// rewrite reads JSON with other texts in it.
func rewrite(text []byte, to any, name string, f onText) {
	var tree any
	err := json.Unmarshal(text, &tree)
	if err == nil {
		err = json.Unmarshal(written(withTexts(tree, &place{name: name}, false, f)), to)
	}
	if err != nil {
		panic(fmt.Sprintf("%T has another JSON form: %v", to, err))
	}
}

// withTexts is a JSON value with other texts in it.
func withTexts(v any, at *place, secret bool, f onText) any {
	switch v := v.(type) {
	case string:
		return f(at, v, secret)
	case map[string]any:
		for name, value := range v {
			v[name] = withTexts(value, &place{under: at, name: name}, secretName(name), f)
		}
	case []any:
		flag := false // whether the word before names a secret: --password x
		for i, value := range v {
			word, _ := value.(string)
			isFlag := strings.HasPrefix(word, "-")
			v[i] = withTexts(value, &place{under: at, index: i + 1}, flag && !isFlag, f)
			flag = isFlag && !strings.ContainsAny(word, "= ") && secretName(word)
		}
	}
	return v
}

// place is where a text stands.
type place struct {
	under *place
	name  string
	index int // of a list, from 1; 0: it has a name
}

// String is like http.headers.Accept or exec.command[1].
func (p *place) String() string {
	switch {
	case p.under == nil:
		return p.name
	case p.index > 0:
		return fmt.Sprintf("%s[%d]", p.under, p.index-1)
	case plainName.MatchString(p.name):
		return p.under.String() + "." + p.name
	}
	return fmt.Sprintf("%s[%q]", p.under, p.name)
}

func masked(text string, secret bool) string {
	switch {
	case !secret:
		return maskText(text)
	case text == "":
		return ""
	}
	return Mask
}

// mayMask says whether a JSON text may hold a mask.
func mayMask(text []byte) bool { return bytes.Contains(text, []byte(Mask)) }

// holdsMask says whether a mask stands in a text where a secret would.
func holdsMask(text string, secret bool) (holds bool) {
	if secret {
		return text == Mask
	}
	if !strings.Contains(text, Mask) {
		return false
	}
	replaceSecrets(text, false, func(s string) string {
		holds = holds || s == Mask
		return s
	})
	return holds
}
