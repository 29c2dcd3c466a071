import Foundation
import OrreryModel

/// The sentences for what is not mounted. Each follows the name of the fileset and a colon.
extension MountQuestion {
    /// What stands against a request whatever the grants say; nil when nothing does.
    func objection(to request: MountRequest) -> Refusal? {
        let fileset = request.fileset
        if person.uid == nil || person.uid == 0 || person.gid == nil || person.gid == 0 {
            return Refusal(
                request.title, because: "you have no user and group number here, and its files need them",
                remedy: "ask an administrator for a uid and a gid")
        }
        let barred = fileset.never.filter { $0.belonging(of: person, expanding: request.group) != nil }
        if !barred.isEmpty {
            return Refusal(
                request.title, because: "members of \(barred.inWords) never get it", remedy: "ask an administrator")
        }
        if !fileset.surfaces.contains(surface) {
            return Refusal(request.title, because: "it is not available in a \(surface)")
        }
        if let each = fileset.each, request.group == nil {
            return Refusal(
                request.title, because: "there is one for each group \(each), and you are in none of them",
                remedy: "ask an owner of such a group")
        }
        return nil
    }

    /// Why no grant in force is for the person.
    func absence(of request: MountRequest) -> Refusal {
        let grants = request.fileset.grants
        let current = grants.filter { $0.isInForce(at: now) }.flatMap(\.to)
        if let opening = opening(of: request) {
            let until = current.isEmpty ? "until then nobody has it" : "until then it is for \(current.inWords)"
            return Refusal(
                request.title, because: "it opens to \(opening.audience.inWords) on \(opening.from.inWords); \(until)")
        }
        if !current.isEmpty { return current.refusal(of: request.title) }
        if let (audience, end) = closing(of: request) {
            return Refusal(request.title, because: "it was open to \(audience.inWords) until \(end.inWords)")
        }
        return Refusal(request.title, because: "nobody has it")
    }

    /// Why a granted fileset is not on this cluster.
    func elsewhere(_ request: MountRequest) -> Refusal {
        let others = policy.bindings.values.filter { binding in
            binding.sources[request.fileset.name] != nil && binding.trust.contains(request.fileset.trust)
        }.map(\.cluster).sorted()
        return Refusal(
            request.title, because: "it is not on \(cluster)",
            remedy: others.isEmpty ? nil : "start on \(others.joined(separator: " or ")), where it is")
    }

    /// Why a granted fileset is not on a cluster that has it.
    func mistrust(of request: MountRequest) -> Refusal {
        let fileset = request.fileset
        let others = policy.bindings.values.filter { binding in
            binding.sources[fileset.name] != nil && binding.trust.contains(fileset.trust)
        }.map(\.cluster).sorted()
        return Refusal(
            request.title, because: "\(cluster) is not trusted with it",
            remedy: others.isEmpty ? "ask an administrator" : "start on \(others.joined(separator: " or "))")
    }

    /// Why a granted fileset has no path.
    func unfilled(_ request: MountRequest) -> Refusal {
        let name = request.group.map { "the group's name `\($0.name)`" } ?? "your name `\(person.name)`"
        return Refusal(
            request.title, because: "\(name) cannot be that of a directory", remedy: "ask an administrator")
    }

    private func opening(of request: MountRequest) -> (audience: [Audience], from: Date)? {
        let future = request.fileset.grants.filter { $0.isFuture(at: now) }
        guard let from = future.filter({ isMeant($0, request) }).compactMap(\.from).min() else { return nil }
        return (future.filter { $0.from == from }.flatMap(\.to).filter { isMeant($0, request) }, from)
    }

    private func closing(of request: MountRequest) -> (audience: [Audience], until: Date)? {
        let past = request.fileset.grants.filter { $0.isPast(at: now) && isMeant($0, request) }
        guard let until = past.compactMap(\.until).max() else { return nil }
        return (past.filter { $0.until == until }.flatMap(\.to).filter { isMeant($0, request) }, until)
    }

    private func isMeant(_ grant: Grant, _ request: MountRequest) -> Bool {
        grant.to.contains { isMeant($0, request) }
    }

    private func isMeant(_ audience: Audience, _ request: MountRequest) -> Bool {
        audience.belonging(of: person, expanding: request.group) != nil
    }
}

extension Date {
    /// `2027-06-30` for a midnight, else `2027-06-30 12:00 UTC`.
    var inWords: String {
        let text = formatted(.iso8601)
        return text.hasSuffix("T00:00:00Z")
            ? String(text.prefix(10)) : "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
    }
}
