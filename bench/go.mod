module github.com/pgdue/pgdue/bench

go 1.26.0

replace github.com/pgdue/pgdue => ../

require (
	github.com/adhocore/gronx v1.20.4
	github.com/pgdue/pgdue v0.0.0
	github.com/robfig/cron/v3 v3.0.1
)
