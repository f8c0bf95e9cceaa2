package storetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/jackc/pgx/v5"
)

// kind is what databases for use again are made of: the migrated schema, and statements that were run in it.
type kind struct {
	template string
	pristine state // of the template
}

// kinds are those of this test program, by their statements.
var kinds struct {
	mu sync.Mutex
	of map[string]*kind
}

func kindOf(ctx context.Context, statements string) (*kind, error) {
	kinds.mu.Lock()
	defer kinds.mu.Unlock()
	if k := kinds.of[statements]; k != nil {
		return k, nil
	}
	k := &kind{template: server.template}
	if statements != "" {
		k.template = fmt.Sprintf("pgdue_template_%d_%d", os.Getpid(), len(kinds.of))
		if err := prepare(ctx, k.template, statements); err != nil {
			return nil, err
		}
	}
	var err error
	if k.pristine, err = readTemplate(ctx, inDatabase(server.admin, k.template)); err != nil {
		return nil, err
	}
	if kinds.of == nil {
		kinds.of = map[string]*kind{}
	}
	kinds.of[statements] = k
	return k, nil
}

// prepare makes a template of the migrated one and runs statements in it.
func prepare(ctx context.Context, template, statements string) error {
	if err := admin(ctx, "CREATE DATABASE "+template+" TEMPLATE "+server.template); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, inDatabase(server.admin, template))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statements)
	return errors.Join(err, conn.Close(ctx))
}

// dropKinds drops the templates but the migrated one.
func dropKinds() error {
	kinds.mu.Lock()
	defer kinds.mu.Unlock()
	var errs []error
	for statements, k := range kinds.of {
		if statements != "" {
			errs = append(errs, drop(k.template))
		}
	}
	return errors.Join(errs...)
}
