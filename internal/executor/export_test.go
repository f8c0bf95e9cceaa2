package executor

// Transport is for tests: what sends requests where a pool is given nothing else.
var Transport = transport
