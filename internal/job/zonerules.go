package job

// ZoneRules says from where a node has the rules of time zones.
type ZoneRules struct {
	Name   string // of the node
	TZData string // release of its time zone database, and where that is from
}
