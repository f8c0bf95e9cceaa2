package job

import (
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
	return d.withTexts(func(_ string, text string, secret bool) string { return masked(text, secret) })
}

// Unmasked is the definition with the secrets of the stored one where its texts are masked as those would be; stored is
// nil where there is none. *InvalidError: a mask stands where another text is stored, or none.
func (d Definition) Unmasked(stored *Definition) (Definition, error) {
	known := map[string]string{}
	if stored != nil {
		stored.withTexts(func(place, text string, _ bool) string {
			known[place] = text
			return text
		})
	}
	var v violations
	found := false
	whole := d.withTexts(func(place, text string, secret bool) string {
		if !holdsMask(text, secret) {
			return text
		}
		found = true
		if before, ok := known[place]; ok && masked(before, secret) == text {
			return before
		}
		v.add(place, "holds %s in place of a secret, and is not what the stored job shows here; write the secret "+
			"itself", Mask)
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
		if err := json.Unmarshal(columns[name], &tree); err != nil {
			continue // a column that is not there
		}
		text, err := json.Marshal(withTexts(tree, name, false, func(_, text string, secret bool) string {
			return masked(text, secret)
		}))
		if err != nil {
			return nil, fmt.Errorf("mask a row of jobs: %w", err)
		}
		columns[name] = text
	}
	return json.Marshal(columns)
}

// onText makes of a text another one. Its place is like http.headers.Accept; secret says that the text as a whole is a
// secret by its name.
type onText func(place, text string, secret bool) string

// withTexts is the definition with other texts in its work and in what is done on failure.
func (d Definition) withTexts(f onText) Definition {
	if d.Work != nil {
		kind := d.Work.Kind()
		w := kind.New()
		rewrite(d.Work, w, kind.Name, f)
		d.Work = w
	}
	if d.OnFailure != nil {
		o := &OnFailure{}
		rewrite(d.OnFailure, o, "on_failure", f)
		d.OnFailure = o
	}
	return d
}

// rewrite reads from's JSON with other texts into to, of the same type.
func rewrite(from, to any, place string, f onText) {
	var tree any
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, &tree)
	}
	if err == nil {
		text, err = json.Marshal(withTexts(tree, place, false, f))
	}
	if err == nil {
		err = json.Unmarshal(text, to)
	}
	if err != nil {
		panic(fmt.Sprintf("%T has no JSON form: %v", from, err))
	}
}

// withTexts is a JSON value with other texts in it.
func withTexts(v any, place string, secret bool, f onText) any {
	switch v := v.(type) {
	case string:
		return f(place, v, secret)
	case map[string]any:
		for name, value := range v {
			v[name] = withTexts(value, under(place, name), secretName(name), f)
		}
	case []any:
		flag := false // whether the word before names a secret: --password x
		for i, value := range v {
			word, _ := value.(string)
			isFlag := strings.HasPrefix(word, "-")
			v[i] = withTexts(value, fmt.Sprintf("%s[%d]", place, i), flag && !isFlag, f)
			flag = isFlag && !strings.ContainsAny(word, "= ") && secretName(word)
		}
	}
	return v
}

// under is the place of what an object has under a name.
func under(place, name string) string {
	if plainName.MatchString(name) {
		return place + "." + name
	}
	return fmt.Sprintf("%s[%q]", place, name)
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
