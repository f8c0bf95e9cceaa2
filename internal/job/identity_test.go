package job

import "testing"

func TestIdentityTellsACopy(t *testing.T) {
	app, other := Identity{7, "app"}, Identity{7, "app_copy"}
	for _, c := range []struct {
		made, present Identity
		want          string
	}{
		{app, app, ""}, {Identity{}, app, ""}, {app, other, "app"},
		{app, Identity{8, "app"}, "app of another PostgreSQL cluster"},
		{app, Identity{8, "x"}, "app"}, {app, Identity{0, "app"}, ""}, {app, Identity{0, "x"}, "app"},
		{Identity{0, "app"}, Identity{9, "app"}, ""},
	} {
		if got := c.made.CopyOf(c.present); got != c.want {
			t.Errorf("made for %v, in %v: copy of %q, want %q", c.made, c.present, got, c.want)
		}
	}
	if got := (Identity{Database: "app"}).Or(Identity{9, "x"}); got != (Identity{9, "app"}) {
		t.Errorf("what is not known is filled: %v", got)
	}
}
