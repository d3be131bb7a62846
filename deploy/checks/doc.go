// Package checks holds what is below deploy/ to the parsers and rules of those
// who will read it: BuildKit's, Compose's, Helm's, Kubernetes', systemd's and
// Prometheus'. It is a module of its own, so that none of them is a dependency of
// the product. Nothing here needs a container engine, a cluster or a network.
package checks
