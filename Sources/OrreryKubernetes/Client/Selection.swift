/// Which objects of a kind a list or a watch is about. Both selectors are in Kubernetes' own notation; the empty
/// selection means all of the namespace.
package struct Selection: Hashable, Sendable {
    package var labels: String?
    package var fields: String?

    package init(labels: String? = nil, fields: String? = nil) {
        self.labels = labels
        self.fields = fields
    }
}
