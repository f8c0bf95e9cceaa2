package store

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// Rows are touched by people, and may hold what has no place in Go or in an answer: an infinite time, a year BC, a NaN,
// a null in a list. CHECKs refuse that. What stands in a row all the same must not hide the rows beside it: it is read
// as if it were absent, and the row says so.

// damage is what of a row could not be read. A row's struct embeds it, so that the row can be told of all the same.
type damage struct {
	Damage error `db:"-"`
}

func (d *damage) note(err error) { d.Damage = err }

// explained is a text of the row's, with what could not be read of it.
func (d *damage) explained(text string) string {
	if d.Damage == nil {
		return text
	}
	if text != "" {
		text += "; "
	}
	return text + "this row cannot be read in full: " + d.Damage.Error()
}

// structByName reads rows into structs whose fields are called like the columns. A value that has no place there is
// noted where T embeds damage; else it is an error, which names the column.
func structByName[T any]() pgx.RowToFunc[T] {
	l := &lenient{}
	return func(row pgx.CollectableRow) (T, error) {
		l.CollectableRow, l.bad = row, nil
		value, err := pgx.RowToStructByName[T](l)
		if err != nil || l.bad == nil {
			return value, err
		}
		d, ok := any(&value).(interface{ note(error) })
		if !ok {
			return value, l.bad
		}
		d.note(l.bad)
		return value, nil
	}
}

// lenient is a row of which each column is read, whatever became of the others. pgx ends with the first that fails.
type lenient struct {
	pgx.CollectableRow
	types *pgtype.Map
	plans []pgtype.ScanPlan
	bad   error
}

func (l *lenient) Scan(dest ...any) error {
	fields, values := l.FieldDescriptions(), l.RawValues()
	if len(dest) != len(fields) {
		return fmt.Errorf("%d columns for %d fields", len(fields), len(dest))
	}
	if l.plans == nil {
		if err := l.plan(fields, dest); err != nil {
			return err
		}
	}
	for i, to := range dest {
		err := l.plans[i].Scan(values[i], to)
		if err == nil {
			err = l.tellable(i, to)
		}
		if err != nil {
			reflect.ValueOf(to).Elem().SetZero()
			l.bad = errors.Join(l.bad, fmt.Errorf("%s: %w", fields[i].Name, err))
		}
	}
	return nil
}

func (l *lenient) plan(fields []pgconn.FieldDescription, dest []any) error {
	rows, ok := l.CollectableRow.(pgx.Rows)
	if !ok || rows.Conn() == nil {
		return errors.New("rows without a connection")
	}
	l.types = rows.Conn().TypeMap()
	for i, to := range dest {
		l.plans = append(l.plans, l.types.PlanScan(fields[i].DataTypeOID, fields[i].Format, to))
	}
	return nil
}

// tellable says why a column's value that was read cannot be told, or is another one than that of the column.
func (l *lenient) tellable(column int, read any) error {
	switch v := read.(type) {
	case *time.Time:
		return inRange(*v)
	case **time.Time:
		if *v != nil {
			return inRange(**v)
		}
	case **float64:
		if *v != nil && (math.IsNaN(**v) || math.IsInf(**v, 0)) {
			return fmt.Errorf("%v is not a number", **v)
		}
	case *time.Duration:
		return l.fits(column)
	case **time.Duration:
		if *v != nil {
			return l.fits(column)
		}
	}
	return nil
}

// fits holds an interval to what a time.Duration can be: pgx lets it overflow.
func (l *lenient) fits(column int) error {
	var i pgtype.Interval
	field := l.FieldDescriptions()[column]
	err := l.types.Scan(field.DataTypeOID, field.Format, l.RawValues()[column], &i)
	days := float64(i.Months)*30 + float64(i.Days) + float64(i.Microseconds)/float64(24*time.Hour/time.Microsecond)
	if err == nil && math.Abs(days) > math.MaxInt64/float64(24*time.Hour) {
		return fmt.Errorf("%.0f days are more than 292 years", days)
	}
	return err
}

// inRange holds a time to the years of the CHECKs.
func inRange(t time.Time) error {
	if year := t.UTC().Year(); year < 1970 || year > 9999 {
		return fmt.Errorf("the year %d is outside 1970 to 9999", year)
	}
	return nil
}
