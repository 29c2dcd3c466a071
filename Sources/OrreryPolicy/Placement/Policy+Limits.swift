package import Foundation
import OrreryModel

/// What the admins let the site's sessions take, whatever room its clusters have.
extension Policy {
    /// What is full though `facts` may have room: the places of the profile there and in all, and the group's quota.
    func limits(
        reachedBy request: PlacementRequest, taking need: Resources, on facts: ClusterFacts, of site: SiteFacts
    ) -> [String] {
        let profile = profile(named: request.profile)
        var reasons: [String] = []
        if let profile, let most = profile.limit.perCluster, let there = facts.profiles[profile.name], there >= most {
            reasons.append("\(there) of \(most) places of this profile are in use there")
        }
        if let most = profile?.limit.total, site.profile >= most {
            reasons.append("\(site.profile) of \(most) places of this profile are in use")
        }
        let account = quotas.account(of: request.person, for: profile)
        let bounds = quotas.groups[account]?.all ?? .none
        return reasons + bounds.shortages(holding: site.account, adding: need).map { "for \(account): \($0)" }
    }

    /// Whether nothing but the cluster's own room can keep `request` from it: the cluster takes sessions and has nothing against
    /// this one, and neither the person, nor their group, nor the profile has all that they may have. Of clusters on which it could run some day, and
    /// without a plan: it costs a few look-ups.
    package func wantsRoomAlone(
        _ request: PlacementRequest, taking need: Resources, on facts: ClusterFacts, of site: SiteFacts, at now: Date
    ) -> Bool {
        facts.isAnswering && facts.scheduling == .schedulable && facts.breaker.closedUntil(at: now) == nil
            && request.pauses[facts.name]?.obstacle(at: now) == nil
            && limits(reachedBy: request, taking: need, on: facts, of: site).isEmpty
            && quotas.refusal(of: request.person, holding: site.person, adding: need) == nil
    }
}
