package invariant

// Judge is for faults that are taken back.
var Judge = judge
