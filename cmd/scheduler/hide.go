package main

import (
	"errors"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"
)

// secretVariables may hold the password of the database.
var secretVariables = []string{databaseVariable, "PGDUE_NOTIFY_DATABASE_URL", "PGPASSWORD"}

// hideSecrets keeps the password of the database from the programs that this node runs: they could read it from where
// every process of this user, and for root of any, can: the environment and the arguments that this process was started
// with, and its memory. In this process the variables stay what they are. urls are those of the arguments; whoever goes
// on to use one has cloned it.
func hideSecrets(log *slog.Logger, urls ...string) {
	if slices.ContainsFunc(urls, hasPassword) {
		log.Warn("the database's password may stand in the arguments of this process, where others read " +
			"it before it is " +
			"hidden: give PGDUE_DATABASE_URL or --database-url-file")
	}
	var texts []string
	for _, text := range urls {
		texts = append(texts, strings.Clone(text))
	}
	for _, name := range secretVariables {
		texts = append(texts, os.Getenv(name))
	}
	if err := errors.Join(overwrite(texts), undumpable()); err != nil {
		log.Warn("the programs of jobs may be able to read this node's password of the database: it "+
			"could not be hidden",
			"err", err)
	}
}

// hasPassword says whether a database is named with its password.
func hasPassword(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return strings.Contains(text, "password=")
	}
	_, has := u.User.Password()
	return has
}
