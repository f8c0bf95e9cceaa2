package job

// Ahead is how many jobs stand ahead because the database's clock was set back since they were decided.
type Ahead struct {
	Jobs int
	One  string // the id of one of them; "" for none
}
