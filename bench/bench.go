// Package bench measures what an enrollment costs against the same sequence
// written by hand as a Temporal workflow, on the same embedded server in the same
// process. It is not part of the product. Figures: docs/adr/0002.
package bench
