module github.com/pgdue/pgdue

go 1.26
