package intake

var (
	SurgeLimit = surgeLimit
	Usual      = usual
)
