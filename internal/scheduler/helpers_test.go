package scheduler

import "github.com/pgdue/pgdue/internal/job/jobtest"

const (
	every5s = jobtest.Every5s
	day     = 86400
)

var (
	t0         = jobtest.T0
	at         = jobtest.At
	instances  = jobtest.Instances
	everything = jobtest.Everything
	web        = jobtest.Web
)
