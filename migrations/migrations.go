// Package migrations holds the schema of pgdue as goose migrations.
//
// Each migration inserts its row into pgdue.schema_compatibility: the oldest binary that may still work with the schema
// after it. Until the first tag migrations may be rewritten in place; after it they only grow.
package migrations

import "embed"

// FS holds the migrations, 00001_….sql and so on.
//
//go:embed *.sql
var FS embed.FS
