package import OrreryModel

/// A profile as one person sees it: what they may choose in it, or why not.
package struct ProfileOffer: Hashable, Sendable {
    package let profile: Profile
    /// Why the person may not start it at all; nil when they may.
    package let refusal: Refusal?
    /// The profile's environments; the first is the default.
    package let environments: [Policy.Environment]
    /// The sizes this person may take; the first is their default.
    package let sizes: [Policy.Size]
    /// The sizes of the profile that this person may not take, and why.
    package let refusedSizes: [Refusal]

    package var isAllowed: Bool { refusal == nil }
}

extension Policy {
    /// Every profile as `person` sees it, in the order of the document: those they may not start with the reason.
    package func profiles(for person: Person) -> [ProfileOffer] {
        profiles.map { offer($0, to: person) }
    }

    func offer(_ profile: Profile, to person: Person) -> ProfileOffer {
        let allowed = profile.sizes.filter { $0.to.include(person) }
        let refused = profile.sizes.filter { !$0.to.include(person) }.map { $0.to.refusal(of: "size \($0.name)") }
        var refusal: Refusal?
        if !profile.allow.include(person) {
            refusal = profile.allow.refusal(of: "profile \(profile.name)")
        } else if allowed.isEmpty {
            refusal = Refusal(
                "profile \(profile.name)", because: "none of its sizes is for you",
                remedy: profile.sizes.flatMap(\.to).remedy)
        }
        return ProfileOffer(
            profile: profile, refusal: refusal, environments: profile.environments.compactMap { environments[$0] },
            sizes: allowed.compactMap { sizes[$0.name] }, refusedSizes: refused)
    }
}
