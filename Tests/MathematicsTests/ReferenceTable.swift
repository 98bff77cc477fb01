// Compares a function with a table of ElementaryReference, in ulps.
import Testing

/// Expects every value within `bound` ulps of the exact one; within `subnormalBound`, if larger, where that is subnormal.
func expectWithin(
    _ bound: Double, subnormalBound: Double = 0, of table: [Double], _ name: String, _ function: (Double) -> Double
) {
    var worst = 0.0
    for row in stride(from: 0, to: table.count, by: 3) {
        let (x, nearest, lost) = (table[row], table[row + 1], table[row + 2])
        let error = abs((function(x) - nearest) / nearest.ulp - lost)
        #expect(
            error <= (nearest.isSubnormal ? max(bound, subnormalBound) : bound), "\(name)(\(x)): off by \(error) ulp")
        worst = max(worst, error)
    }
    #expect(table.count > 600 && worst > 0.49, "\(name): a table whose worst error is \(worst) ulp cannot be right")
}
