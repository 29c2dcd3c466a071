/// Which Orrery this is.
package enum OrreryVersion {
    package static let text = "0.1.0"
}
