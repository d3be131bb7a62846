package doctor

// Misfit is misfit, for tests that hold the clock.
var Misfit = misfit
