package executor

// GroupWorks is for tests: whether a process of the group is more than a zombie.
var GroupWorks = groupWorks
