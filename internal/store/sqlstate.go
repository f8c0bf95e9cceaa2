package store

import (
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// The SQLSTATEs on which the store acts (PostgreSQL manual, appendix A).
const (
	featureNotSupported   = "0A000" // a function that this server does not have in full
	nothingPrepared       = "26000" // under this name
	preparedTwice         = "42P05" // under one name
	readOnlyTransaction   = "25006" // a standby, or a database that is set to read-only
	schemaMissing         = "3F000" // the schema was not made yet
	tableMissing          = "42P01" // nor the table, or it is of a newer migration
	insufficientPrivilege = "42501" // the role may not
	functionMissing       = "42883" // this server has no such function
	lockNotAvailable      = "55P03" // a lock was waited for in vain
	queryCancelled        = "57014" // statement_timeout
	protocolViolation     = "08P01" // what PgBouncer says of most that it refuses
	tooManyConnections    = "53300" // of the server, the database or the role
	internalError         = "XX000" // what was asked for was nothing of the kind
)

// Classes of SQLSTATEs.
const (
	connectionTrouble  = "08" // a pooler speaks of its connection to the server
	dataException      = "22"
	constraintViolated = "23"
	sessionEnds        = "57" // the server ends the session, or the statement
	raisedByTrigger    = "P0"
	damaged            = "XX"
)

// code is the SQLSTATE of an error of PostgreSQL, else "".
func code(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code
	}
	return ""
}

// isCode says whether an error of PostgreSQL has one of the SQLSTATEs.
func isCode(err error, codes ...string) bool { return slices.Contains(codes, code(err)) }

// isClass says whether an error of PostgreSQL has a SQLSTATE of one of the classes.
func isClass(err error, classes ...string) bool {
	c := code(err)
	return c != "" && slices.ContainsFunc(classes, func(class string) bool { return strings.HasPrefix(c, class) })
}

// rowsFault says whether an error speaks of the rows written rather than of the database's state: data exceptions,
// violated constraints, errors raised by triggers, internal errors such as damaged data.
func rowsFault(err error) bool {
	return isClass(err, dataException, constraintViolated, raisedByTrigger, damaged)
}

// missing says that a table or the schema is not there.
func missing(err error) bool { return isCode(err, tableMissing, schemaMissing) }

// noneLeft says whether a connection was refused because there are too many: by the server, or by PgBouncer
// (max_client_conn, and later limits of a database and a user).
func noneLeft(err error) bool {
	var pgErr *pgconn.PgError
	return isCode(err, tooManyConnections) || isCode(err, protocolViolation) && errors.As(err, &pgErr) &&
		(strings.Contains(pgErr.Message, "no more connections allowed") ||
			strings.Contains(pgErr.Message, "connections exceeded"))
}

// notForUs says whether an error means that this role may not call a function, or that this server has none.
func notForUs(err error) bool {
	return isCode(err, insufficientPrivilege, functionMissing, featureNotSupported)
}
