// Derivatives of the flow between events with respect to time constants, against quadrature of the integrals that they are.
import Foundation
import Neurons
import Testing

struct FlowDerivativeTests {
    /// From ratios of 1e-3 to 1e3, equal and all but equal ones among them.
    static let ratios: [Double] = {
        let gaps = [1e-15, 1e-12, 1e-8, 1e-4, 1e-3]
        return [1e-3, 0.01, 0.1, 0.25, 0.5, 0.9, 1, 1.1, 2, 4, 10, 100, 1e3] + gaps.map { 1 - $0 } + gaps.map { 1 + $0 }
    }()

    @Test(arguments: ratios)
    func matchQuadrature(_ ratio: Double) {
        var worst = 0.0
        for tauSyn in [1, 5e-3] {
            let tauMem = ratio * tauSyn
            let flow = Flow(LIFNeuron(tauMem: tauMem, tauSyn: tauSyn, threshold: 1, reset: 0))
            for unit in [min(tauMem, tauSyn), max(tauMem, tauSyn)] {
                for length in [1e-9, 1e-4, 0.03, 0.3, 0.49, 0.51, 0.9, 1, 2, 3.3, 10, 40] {
                    let t = length * unit
                    let own = flow.derivatives(t)
                    // h = 1/tau_m times the integral of e^(-(t - s)/tau_m - s/tau_s).
                    let mem = integral(to: t) { s, rest in
                        exp(-rest / tauMem - s / tauSyn) * (rest / tauMem - 1) / tauMem
                    }
                    let syn = integral(to: t) { s, rest in exp(-rest / tauMem - s / tauSyn) * (s / tauSyn) / tauMem }
                    let errors = [
                        abs(own.hMem - mem.value) / (abs(mem.value) + 1e-2 * mem.magnitude),
                        abs(own.hSyn - syn.value) / syn.magnitude,
                        abs(own.aMem - t / tauMem * exp(-t / tauMem)) / own.aMem,
                        abs(own.bSyn - t / tauSyn * exp(-t / tauSyn)) / own.bSyn,
                    ]
                    for error in errors where !error.isNaN { worst = max(worst, error) }
                    #expect(errors.allSatisfy { !($0 > 2e-12) }, "\(ratio), \(tauSyn), \(length): \(own), \(errors)")
                }
            }
        }
        print("flow derivatives: ratio \(ratio), worst error \(worst)")
    }

    @Test func beyondAllTimesNothingDepends() {
        for ratio in FlowDerivativeTests.ratios {
            let own = Flow(LIFNeuron(tauMem: ratio, tauSyn: 1, threshold: 1, reset: 0)).derivatives(.infinity)
            for value in [own.aMem, own.hMem, own.bSyn, own.hSyn] { #expect(abs(value) < 1e-290, "\(ratio): \(own)") }
        }
    }

    /// Gauss's rule with 20 nodes on pieces that grow from both ends; `body` gets the distances from both ends.
    private func integral(to end: Double, _ body: (Double, Double) -> Double) -> (value: Double, magnitude: Double) {
        var (value, magnitude) = (0.0, 0.0)
        for piece in 0..<100 {
            let high = 0.5 * end * pow(2, -Double(piece) / 2)
            let low = piece == 99 ? 0 : 0.5 * end * pow(2, -Double(piece + 1) / 2)
            for (node, weight) in FlowDerivativeTests.nodes {
                let near = low + (high - low) * (1 + node) / 2
                for term in [body(near, end - near), body(end - near, near)] {
                    value += term * weight * (high - low) / 2
                    magnitude += abs(term) * weight * (high - low) / 2
                }
            }
        }
        return (value, magnitude)
    }

    /// Roots of the Legendre polynomial of degree 20 with Gauss's weights.
    private static let nodes: [(Double, Double)] = (1...20).map { index in
        var (x, slope) = (cos(Double.pi * (Double(index) - 0.25) / 20.5), 0.0)
        for _ in 0..<20 {
            var (p, before) = (x, 1.0)
            for degree in 2...20 {
                (p, before) = ((Double(2 * degree - 1) * x * p - Double(degree - 1) * before) / Double(degree), p)
            }
            slope = 20 * (x * p - before) / (x * x - 1)
            x -= p / slope
        }
        return (x, 2 / ((1 - x * x) * slope * slope))
    }
}
