import OrreryModel
import OrreryStore

extension Frame {
    /// The frame of a page for somebody who is logged in.
    init(_ visitor: Visitor) {
        self.init(
            person: visitor.person.person.name, isAdmin: visitor.person.isAdmin, csrf: visitor.proof)
    }
}
