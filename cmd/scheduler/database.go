package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// databaseVariable names the database where no flag does. DATABASE_URL is never read: it is often another
// application's.
const databaseVariable = "PGDUE_DATABASE_URL"

// databaseFlags say where the database is.
type databaseFlags struct{ url, file string }

func (f *databaseFlags) addTo(flags *pflag.FlagSet) {
	flags.StringVar(&f.url, "database-url", "", "`URL` of the database (default $PGDUE_DATABASE_URL)")
	flags.StringVar(&f.file, "database-url-file", "",
		"`file` that holds the URL of the database; it is read again before each connect")
}

// source returns what reads the URL.
func (f *databaseFlags) source(cmd *cobra.Command) (func() (string, error), error) {
	if f.url != "" && f.file != "" {
		return nil, usagef(cmd, "give --database-url or --database-url-file, not both")
	}
	if f.file != "" {
		return f.read, nil
	}
	url := strings.Clone(cmp.Or(f.url, os.Getenv(databaseVariable)))
	if url == "" {
		return nil,
			errors.New("no database is named: give --database-url, --database-url-file or PGDUE_DATABASE_URL, " +
				"as in postgres://user:password@host:5432/database; to try things out, `scheduler dev` brings its own")
	}
	return func() (string, error) { return url, nil }, nil
}

func (f *databaseFlags) read() (string, error) {
	text, err := os.ReadFile(f.file)
	if err != nil {
		return "", fmt.Errorf("read --database-url-file: %w", err)
	}
	url := strings.TrimSpace(string(text))
	if url == "" {
		return "", fmt.Errorf("--database-url-file %s is empty; it holds a URL such as "+
			"postgres://user:password@host:5432/database", f.file)
	}
	return url, nil
}
