package executor

// GroupWorks is for tests: whether a process of the group is more than a zombie.
var GroupWorks = groupWorks

// Transport is for tests: what sends requests where a pool is given nothing else.
var Transport = transport
