/// What one look of the doctor gave, in words for a site's admin.
package struct Finding: Hashable, Sendable {
    /// How bad it is.
    package enum Grade: String, Hashable, Sendable {
        case ok
        /// Sessions run, but not as they should.
        case warning
        /// Sessions do not run, or the hub may do what it must not.
        case failed
    }

    package let grade: Grade
    /// What was looked at.
    package let subject: String
    package let found: String
    /// Whose doing it is, and what is to be done; nil when nothing is.
    package let whose: String?
    package let next: String?

    static func ok(_ subject: String, _ found: String) -> Finding {
        Finding(grade: .ok, subject: subject, found: found, whose: nil, next: nil)
    }

    static func warning(_ subject: String, _ found: String, whose: String, next: String) -> Finding {
        Finding(grade: .warning, subject: subject, found: found, whose: whose, next: next)
    }

    static func failed(_ subject: String, _ found: String, whose: String, next: String) -> Finding {
        Finding(grade: .failed, subject: subject, found: found, whose: whose, next: next)
    }

    /// One line, and a second one where something is to be done.
    package var text: String {
        let head = grade.rawValue.padded(to: 8) + subject.padded(to: 16) + found
        guard let whose, let next else { return head }
        return head + "\n" + "".padded(to: 24) + "\(whose): \(next)"
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
