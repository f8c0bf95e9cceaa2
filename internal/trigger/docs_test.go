package trigger

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

var (
	jsonBlock = regexp.MustCompile("(?s)```json\n(.*?)```")
	yamlLine  = regexp.MustCompile(`(?m)(?:trigger:|^ +-) (\{type: .*\})$`)
	bareWord  = regexp.MustCompile(`([{,]\s*)(\w+): `)
	bareValue = regexp.MustCompile(`: ([A-Za-z][^",{}\[\]]*|\d+[a-z]+)([,}])`)
)

func TestDocumentedTriggersAreRight(t *testing.T) {
	text, err := os.ReadFile("../../docs/triggers.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, block := range jsonBlock.FindAllStringSubmatch(string(text), -1) {
		for line := range strings.Lines(block[1]) {
			checkFires(t, line)
			n++
		}
	}
	if n < 20 {
		t.Errorf("only %d triggers in the documentation", n)
	}
}

// The triggers of the example are in YAML's flow style, which becomes JSON once its words are quoted.
func TestExampleTriggersAreRight(t *testing.T) {
	text, err := os.ReadFile("../../examples/triggers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	lines := yamlLine.FindAllStringSubmatch(string(text), -1)
	for _, line := range lines {
		checkFires(t, bareValue.ReplaceAllString(bareWord.ReplaceAllString(line[1], `$1"$2": `), `: "$1"$2`))
	}
	if len(lines) < 12 {
		t.Errorf("only %d triggers in the example", len(lines))
	}
}

// checkFires demands that a job created now with this trigger fires; now is a day, so that the answer stays the same.
func checkFires(t *testing.T, text string) {
	t.Helper()
	if err := parse(t, text).Anchored(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).Never(); err != nil {
		t.Errorf("%s: %v", text, err)
	}
}
