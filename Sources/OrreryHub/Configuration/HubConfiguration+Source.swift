import OrreryDocument
import OrreryModel

extension HubConfiguration {
    /// The text that a configuration was read from, and where it stands.
    package struct Source: Sendable {
        package let path: String
        /// It may hold secrets.
        private let text: Secret

        init(path: String) throws(DocumentError) {
            self.path = path
            text = Secret(try DocumentNode.text(ofFile: path))
        }

        var document: DocumentNode {
            get throws(DocumentError) { try DocumentNode.parse(text.reveal(), file: path) }
        }

        /// Whether other bytes stand there now, or none that can be read.
        var hasChanged: Bool { (try? DocumentNode.text(ofFile: path))?.isExactly(text.reveal()) != true }
    }
}
