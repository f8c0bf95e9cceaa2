package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/store"
	"github.com/pgdue/pgdue/internal/storetest"
)

// A session that leads to a server which takes no writes any more, as after a failover, is not used again.
func TestReadOnlySessionsAreDropped(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	conn := storetest.Conn(t, url)
	set := func(to string) {
		storetest.Exec(t, conn, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = "+to+
			"', current_database()); END $$")
	}
	set("on")
	s := storetest.OpenURL(t, url)
	n := job.Node{ID: uuid.New(), Name: "web-1", Queues: []string{job.KindExec.Name}}
	for range 3 { // sessions of both pools and of the lease
		if _, err := s.Add(t.Context(), storetest.Job(t, "j", `{"type":"date"}`), job.Author{}); !errors.Is(err,
			job.ErrReadOnly) {
			t.Fatal("add: ", err)
		}
	}
	if err := s.Register(t.Context(), n); !errors.Is(err, job.ErrReadOnly) {
		t.Fatal("register: ", err)
	}
	set("off")
	if _, err := s.Add(t.Context(), storetest.Job(t, "j", `{"type":"date"}`), job.Author{}); err != nil {
		t.Error("add, when there is a primary: ", err)
	}
	if err := s.Register(t.Context(), n); err != nil {
		t.Error("register, when there is a primary: ", err)
	}
	if c, err := s.Claim(t.Context(), one(n), plan); err != nil || len(c.Decided) != 1 {
		t.Error("claim, when there is a primary: ", c.Decided, err)
	}
}

// The password is read again before each connect.
func TestCredentialsRotate(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	conn := storetest.Conn(t, url)
	config := limited(t, url, 20)
	role, file := config.ConnConfig.User, filepath.Join(t.TempDir(), "url")
	write := func(password string) {
		storetest.Exec(t, conn, fmt.Sprintf("ALTER ROLE %s PASSWORD '%s'", role, password))
		text := fmt.Sprintf("postgres://%s:%s@%s:%d/%s?sslmode=disable", role, password, config.ConnConfig.Host,
			config.ConnConfig.Port, config.ConnConfig.Database)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("first")
	s, err := store.OpenFrom(t.Context(), func() (string, error) {
		text, err := os.ReadFile(file)
		return string(text), err
	}, store.Access{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	n := registered(t, s, "web-1")
	write("second")
	storetest.Exec(t, conn, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", role)
	storetest.Await(t, conn, "the sessions to end",
		"SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = $1)", role)
	if _, err := s.Beat(t.Context(), n.ID); err != nil {
		t.Error("the lease: ", err)
	}
	s.Jobs(t.Context(), "", 1) // may find that its connection has ended
	if _, err = s.Jobs(t.Context(), "", 1); err != nil {
		t.Error("the pool: ", err)
	}
}

// In a database of another encoding texts are what they are, as far as it can hold them; what it cannot hold is left
// out of a run's record, and refused of a job.
func TestDatabasesOfOtherEncodings(t *testing.T) {
	t.Parallel()
	for encoding, holdsAll := range map[string]bool{"LATIN1": false, "SQL_ASCII": true} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			config := storetest.Config(t, storetest.EmptyURL(t))
			admin := storetest.Connect(t, config)
			name := config.ConnConfig.Database + "_other"
			storetest.Exec(t, admin, fmt.Sprintf("CREATE DATABASE %s ENCODING '%s' LC_COLLATE 'C' LC_CTYPE 'C' "+
				"TEMPLATE template0", name, encoding))
			t.Cleanup(func() { admin.Exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)") })
			config.ConnConfig.Database = name
			s := storetest.OpenConfig(t, config)
			if err := s.Migrate(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
				t.Fatal(err)
			}
			n := registered(t, s, "web-1")
			for label, may := range map[string]bool{"räksmörgås": true, "日本": holdsAll} {
				d := storetest.Job(t, "j", `{"type":"interval","every":"1h"}`)
				d.Labels = map[string]string{"food": label}
				if _, err := s.Put(t.Context(), d, job.Author{}); (err == nil) != may ||
					err != nil && !errors.Is(err, job.ErrRejected) {
					t.Errorf("a job with %s: %v", label, err)
				}
			}
			if _, err := s.RunNow(t.Context(), "j", "", job.Author{}); err != nil {
				t.Fatal(err)
			}
			c, err := s.Claim(t.Context(), one(n), plan)
			if err != nil || len(c.Decided) != 1 || len(c.Decided[0].Decision.Begin) != 1 {
				t.Fatal(c.Decided, err)
			}
			r := job.Record{Run: c.Decided[0].Decision.Begin[0].Run, Outcome: job.Succeeded, Final: true,
				Sentence: "succeeded", NodeID: n.ID, Output: "smörgås 日本"}
			_, err = s.Complete(t.Context(), []job.Record{r})
			if (err == nil) != holdsAll || err != nil && !errors.Is(err, job.ErrRejected) {
				t.Errorf("an output that it may not hold: %v", err)
			}
			want := r.Output
			if !holdsAll {
				r.Output, want = "smörgås", "smörgås"
				if _, err := s.Complete(t.Context(), []job.Record{r}); err != nil {
					t.Errorf("an output that it holds: %v", err)
				}
			}
			views, err := s.Run(t.Context(), "j", r.RunID)
			if err != nil || len(views) != 1 || views[0].Output != want {
				t.Errorf("read back: %+v, %v", views, err)
			}
		})
	}
}
