package store_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pgdue/pgdue/internal/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// Every file in queries/ is a statement that PostgreSQL can prepare against the migrated schema, and its first line
// names it.
func TestQueriesPrepare(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, storetest.URL(t))
	files, err := filepath.Glob("queries/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no queries: ", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".sql")
		if !strings.HasPrefix(string(text), "-- "+name+": ") {
			t.Errorf("%s does not begin with its name and promise", file)
		}
		statement, _, err := pgx.NamedArgs{}.RewriteQuery(t.Context(), conn, string(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Prepare(t.Context(), name, statement); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// leaves is what stays in a session after its transaction.
var leaves = regexp.MustCompile(
	`(?im)\bpg_(try_)?advisory_lock|\bset_config\(|\btemp(orary)? |^\s*(LISTEN|PREPARE|DECLARE)\b`)

// No statement leaves anything in its session, where a transaction pooler would hand it to strangers.
func TestQueriesLeaveNothingInASession(t *testing.T) {
	t.Parallel()
	for _, culprit := range []string{
		"SELECT pg_advisory_lock(1)", "SELECT pg_try_advisory_lock(1)", "SELECT set_config('a.b', 'c', false)",
		"SELECT 1;\nLISTEN pgdue", "PREPARE p AS SELECT 1", "DECLARE c CURSOR FOR SELECT 1", "CREATE TEMP TABLE t ()",
	} {
		if !leaves.MatchString(culprit) {
			t.Errorf("%q is not known", culprit)
		}
	}
	files, err := filepath.Glob("queries/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no queries: ", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := leaves.FindString(string(text)); found != "" {
			t.Errorf("%s: %q stays in the session; use SET LOCAL, or what ends with the transaction", file, found)
		}
	}
}

// Every object of the schema says what it is for.
func TestEverythingHasAComment(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, storetest.URL(t))
	rows, err := conn.Query(t.Context(), `
		SELECT c.oid::regclass::text FROM pg_class c
		WHERE c.relnamespace = 'pgdue'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S') AND c.relname <> 'goose_db_version_id_seq'
		  AND obj_description(c.oid, 'pg_class') IS NULL
		UNION ALL
		SELECT a.attrelid::regclass || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relnamespace = 'pgdue'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
		  AND c.relname <> 'goose_db_version' AND a.attnum > 0 AND NOT a.attisdropped AND col_description(a.attrelid, a.attnum) IS NULL
		UNION ALL
		SELECT p.oid::regprocedure::text FROM pg_proc p
		WHERE p.pronamespace = 'pgdue'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL`)
	if err != nil {
		t.Fatal(err)
	}
	bare, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if len(bare) > 0 {
		t.Errorf("without a COMMENT: %v", bare)
	}
}
