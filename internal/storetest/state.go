package storetest

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// state is what tests find in a new database.
type state struct {
	schema    string   // a fingerprint of everything but rows and what sequences have come to
	tables    []string // that have rows
	rows      []string // theirs, as JSON
	sequences string   // what they have come to, as JSON
	settings  int      // how many belong to the database
}

//go:embed schema.sql
var schemaQuery string

// sequencesQuery selects where sequences stand; those that have not been used do not come into it.
const sequencesQuery = `SELECT COALESCE(jsonb_object_agg(seqrelid::regclass, pg_sequence_last_value(seqrelid))
	FILTER (WHERE pg_sequence_last_value(seqrelid) IS NOT NULL), '{}')::text FROM pg_sequence`

const settingsQuery = `SELECT count(*) FROM pg_db_role_setting
	WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())`

// readTemplate reads the state of the template.
func readTemplate(ctx context.Context, template string) (found state, err error) {
	conn, err := pgx.Connect(ctx, template)
	if err != nil {
		return found, err
	}
	defer conn.Close(ctx)
	rows, _ := conn.Query(ctx, `SELECT oid::regclass::text FROM pg_class
		WHERE oid >= 16384 AND relkind = 'r' AND pg_relation_size(oid) > 0 ORDER BY oid`)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return found, err
	}
	return readState(ctx, conn, tables)
}

// readState reads the state of a database in which these tables may have rows.
func readState(ctx context.Context, conn *pgx.Conn, tables []string) (state, error) {
	found := state{tables: tables}
	contents := make([]string, len(tables))
	for i, table := range tables {
		contents[i] = fmt.Sprintf("(SELECT COALESCE(jsonb_agg(to_jsonb(t) ORDER BY t)::text, '[]') FROM %s t)", table)
	}
	query := fmt.Sprintf("SELECT (%s), ARRAY[%s]::text[], (%s), (%s)",
		schemaQuery, strings.Join(contents, ", "), sequencesQuery, settingsQuery)
	err := conn.QueryRow(ctx, query).Scan(&found.schema, &found.rows, &found.sequences, &found.settings)
	return found, err
}

// restore puts back the rows and the sequences of wanted where they are found to be other ones.
func (wanted state) restore(ctx context.Context, conn *pgx.Conn, found state) error {
	for i, table := range wanted.tables {
		if found.rows[i] == wanted.rows[i] {
			continue
		}
		_, err := conn.Exec(ctx, "TRUNCATE "+table)
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, fmt.Sprintf("INSERT INTO %s SELECT * FROM jsonb_populate_recordset(NULL::%s, $1)",
			table, table), wanted.rows[i])
		if err != nil {
			return err
		}
	}
	if found.sequences == wanted.sequences {
		return nil
	}
	_, err := conn.Exec(ctx, `SELECT setval(seqrelid::regclass, COALESCE(last, seqstart), last IS NOT NULL)
		FROM pg_sequence, LATERAL (SELECT ($1::jsonb ->> seqrelid::regclass::text)::bigint AS last) AS wanted
		WHERE pg_sequence_last_value(seqrelid) IS DISTINCT FROM last`, wanted.sequences)
	return err
}
