package mail

// LayoutFile is where a project's own layout stands.
const LayoutFile = layoutFile

// BuiltIn is the layout of projects that have none of their own.
func BuiltIn() string { return builtIn }
