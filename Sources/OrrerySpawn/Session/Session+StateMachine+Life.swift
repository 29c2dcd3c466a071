import FoundationEssentials
import OrreryModel

/// How a ready session stands against the limits of its life, at one moment.
struct LifeLook: Hashable, Sendable {
    let now: Date
    /// When the cluster ends it.
    let end: Date
    /// Since when nobody has used it, as far as this hub could see.
    let restingSince: Date
}

/// Why a warning is shown. Of several the one that stands first is.
enum WarningCause: Int, Hashable, Comparable, Sendable {
    case revocation, lifetime, idle

    static func < (left: WarningCause, right: WarningCause) -> Bool { left.rawValue < right.rawValue }
}

// The limits of a session that is ready: its lifetime, rest, and what its person may see.
extension Session.StateMachine {
    /// The clocks were read. Nothing is concluded while the cluster cannot be seen: nobody could use the session then.
    mutating func reviewed(_ look: LifeLook?) -> [SessionAction] {
        guard ending == nil, state == .ready else { return [] }
        guard let look else { return [start(.review, .seconds(60))] }
        if let limit = life.idle, let stop = idleStop, look.now >= stop, look.rest >= limit { return end(.idle(limit)) }
        var waits = [lifetime(look)]
        if let limit = life.idle { waits.append(idleness(look, limit)) }
        let wait = waits.compactMap(\.self).min()
        return showWarning() + (wait.map { [start(.review, max($0, .seconds(1)))] } ?? [])
    }

    /// What its person may see has changed: `withdrawal` says what is shown without a right, nil that all is well.
    mutating func withdraw(_ withdrawal: Withdrawal?, at now: Date) -> [SessionAction] {
        guard ending == nil, withdrawal != withdrawn else { return [] }
        withdrawn = withdrawal
        guard let withdrawal else {
            warnings[.revocation] = nil
            return forget(.revocation) + showWarning()
        }
        guard withdrawal.isEnding else {
            warnings[.revocation] =
                "You may not use \(Words.list(withdrawal.filesets)) any more. It stays until this session ends."
            return forget(.revocation) + showWarning()
        }
        guard !state.isPending else { return end(.revoked(withdrawal.filesets)) }
        let time = life.warn ?? patience.revocation
        // A right that is lost while another one runs out does not begin the time anew.
        let end = limits.contains(.revocation) ? revocationEnd ?? now + time : now + time
        revocationEnd = end
        warnings[.revocation] =
            "You may not use \(Words.list(withdrawal.filesets)) any more. This session is stopped at "
            + "\(Words.clock(end)). Save your work."
        return startOnce(.revocation, time) + showWarning()
    }

    /// Its life is looked at from now on, without what was seen before.
    mutating func beginReviews() -> [SessionAction] {
        idleStop = nil
        warnings[.idle] = nil
        return [.review]
    }

    /// Warns when the end is near; gives the time until there is something new to say.
    private mutating func lifetime(_ look: LifeLook) -> Duration? {
        let warn = min(life.warn ?? .zero, life.max / 2)
        let rest = look.now.until(look.end)
        guard rest <= warn else { return rest - warn }
        guard warn > .zero, rest > .zero else { return nil }
        warnings[.lifetime] =
            "Its time ends at \(Words.clock(look.end)): it may last \(Words.time(life.max)). Save your work."
        return nil
    }

    private mutating func idleness(_ look: LifeLook, _ limit: Duration) -> Duration {
        let warn = min(life.warn ?? .zero, limit / 2)
        guard look.rest >= limit - warn else {
            idleStop = nil
            warnings[.idle] = nil
            return limit - warn - look.rest
        }
        if let idleStop, look.now < idleStop { return look.now.until(idleStop) }
        let rest = max(limit - look.rest, idleStop == nil ? warn : .zero)
        idleStop = look.now + rest
        if warn > .zero {
            warnings[.idle] =
                "Nobody has used it for \(Words.time(look.rest)). It is stopped at \(Words.clock(look.now + rest)) "
                + "unless somebody does."
        }
        return rest
    }

    private mutating func showWarning() -> [SessionAction] {
        let warning = warnings.min { $0.key < $1.key }?.value
        guard warning != shownWarning else { return [] }
        shownWarning = warning
        return [.warn(warning)]
    }
}

extension LifeLook {
    var rest: Duration { max(restingSince.until(now), .zero) }
}

extension Date {
    fileprivate func until(_ other: Date) -> Duration { .seconds(other.timeIntervalSince(self)) }

    fileprivate static func + (date: Date, duration: Duration) -> Date {
        date.addingTimeInterval(duration / .seconds(1))
    }
}
