package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/pgdue/pgdue/internal/store"
)

func newMigrate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Keep the tables of a database up to date",
		Args:  unknownCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newMigrateUp(), newMigrateStatus(), newMigrateSQL())
	return cmd
}

func newMigrateUp() *cobra.Command {
	return withDatabase(&cobra.Command{
		Use:   "up",
		Short: "Apply the migrations that are missing",
	}, func(cmd *cobra.Command, s *store.Store) error {
		if err := s.Migrate(cmd.Context(),
			slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{ReplaceAttr: inUTC}))); err != nil {
			return err
		}
		fmt.Fprintln(cmd.OutOrStdout(), "the schema pgdue is up to date")
		return nil
	})
}

func newMigrateStatus() *cobra.Command {
	return withDatabase(&cobra.Command{
		Use:   "status",
		Short: "List the migrations and when each was applied",
	}, func(cmd *cobra.Command, s *store.Store) error {
		list, err := s.Migrations(cmd.Context())
		if err != nil {
			return err
		}
		t := newTable("MIGRATION", "APPLIED")
		for _, m := range list {
			applied := "pending: run `scheduler migrate up`"
			if !m.AppliedAt.IsZero() {
				applied = m.AppliedAt.UTC().Format("2006-01-02 15:04:05 MST")
			}
			t.row(m.Name, applied)
		}
		return t.print(cmd.OutOrStdout())
	})
}

func newMigrateSQL() *cobra.Command {
	return &cobra.Command{
		Use:   "sql",
		Short: "Print the SQL that makes the tables in an empty database",
		Long:  "Prints what `migrate up` does to a database without pgdue, for psql and for review.",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			script, err := store.MigrationSQL()
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), script)
			return err
		},
	}
}

// withDatabase completes a command that does one thing with an open database.
func withDatabase(cmd *cobra.Command, do func(*cobra.Command, *store.Store) error) *cobra.Command {
	var db databaseFlags
	cmd.Args = noArguments
	db.addTo(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		url, err := db.source(cmd)
		if err != nil {
			return err
		}
		s, err := store.OpenFrom(cmd.Context(), url, store.Access{})
		if err != nil {
			return err
		}
		defer s.Close()
		return do(cmd, s)
	}
	return cmd
}
