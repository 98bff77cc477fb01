// Polynomials for the exponential neuron's T(V) and V(r), for one drive or for all drives of a small range.
import Mathematics

/// Panels of equal width in V for T(V); in r, every octave in equal panels, found by the leading bits of r, as V(r) is smooth
/// on the scale of r wherever it is. Outside of the panels closed forms hold (see `EIFFlow`).
///
/// For a range of drives every coefficient is in turn a polynomial of the drive's place in it, eight terms side by side:
/// the powers of x are summed for all eight at once (as `EightLanes`, which compilers do not take apart), the drive comes last.
struct EIFFit: BitwiseCopyable {
    let slope: Double
    /// T(V) is fitted between.
    let low: Double
    let high: Double
    private let inverseWidth: Double
    /// V(r) is fitted between these two: `longest` is beyond T(low) of every drive.
    private let shortest: Double
    let longest: Double
    private let octaveBits: UInt64
    private let firstPanel: Int
    /// Numbers per coefficient: 1 for one drive, 8 for a range.
    private let order: Int
    private let timePanels: Int
    private let times: UnsafePointer<Double>
    private let potentials: UnsafePointer<Double>

    /// `drives`: one, or a range of at most a sixteenth octave of D + I, which is fitted at 8 drives. The coefficients stay in `store`.
    init(
        drives: ClosedRange<Double>, slope: Double, _ kind: FlowTable, store: inout [LargeBuffer<Double>]
    ) throws(SpinnpropError) {
        let (least, most) = (drives.lowerBound, drives.upperBound)
        self.slope = slope
        order = least == most ? 1 : 8
        let flows = EIFFit.nodes(order).map { EIFFlow(drive: least + $0 * (most - least), slope: slope) }
        let (low, high) = (EIFFlow.low(slope), EIFFlow.high(most, slope))
        (self.low, self.high) = (low, high)
        // Panels of D / 16 and a 32nd octave with degree 7, or of D / 64 and a 128th octave with degree 5.
        let width = kind == .chebyshev ? slope / 16 : slope / 64
        octaveBits = kind == .chebyshev ? 5 : 7
        let panelCount = Int((high - low) / width) + 1
        inverseWidth = Double(panelCount) / (high - low)
        // A power of two, below which two terms are enough for every drive.
        shortest = Double(sign: .plus, exponent: Int(EIFFlow.timeHighUp(high, most, slope).exponent), significand: 1)
        let firstPanel = EIFFit.panel(shortest, octaveBits)
        self.firstPanel = firstPanel
        let lastPanel = EIFFit.panel(EIFFlow(drive: least, slope: slope).time(low), octaveBits)
        longest = EIFFit.border(lastPanel + 1, octaveBits)
        let bits = octaveBits
        timePanels = panelCount
        let times = try EIFFit.fit(
            panelCount, flows, kind, border: { low + (high - low) * (Double($0) / Double(panelCount)) },
            value: { $0.time($1) },
            // T' = -1/F, T'' = F'/F^2 along V.
            derivatives: {
                let velocity = $0.velocity($1)
                return (-1 / velocity, $0.curvature($1) / (velocity * velocity))
            })
        let potentials = try EIFFit.fit(
            lastPanel - firstPanel + 1, flows, kind, border: { EIFFit.border(firstPanel + $0, bits) },
            value: { $0.potential($1) },
            // V' = -F, V'' = F' F along r.
            derivatives: {
                let v = $0.potential($1)
                return (-$0.velocity(v), $0.curvature(v) * $0.velocity(v))
            })
        store += [times, potentials]
        self.times = UnsafePointer(times.pointer)
        self.potentials = UnsafePointer(potentials.pointer)
    }

    /// T(V) for V of any size; `place`: of the drive in its range, 0 ... 1.
    @inline(__always)
    func time(_ v: Double, drive: Double, place: Double) -> Double {
        if v >= high { return EIFFlow.timeHighUp(v, drive, slope) }
        if v < low { return value(times, 0, 0, place) + Elementary.log((drive - v) / (drive - low)) }
        let position = (v - low) * inverseWidth
        // `high` itself may be rounded up to.
        let panel = min(Int(position), timePanels &- 1)
        return value(times, panel, position - Double(panel), place)
    }

    /// V(r) for r of any size.
    @inline(__always)
    func potential(_ remaining: Double, drive: Double, place: Double) -> Double {
        if remaining < shortest { return EIFFlow.potentialHighUp(remaining, drive, slope) }
        if remaining >= longest {
            let last = value(potentials, EIFFit.panel(longest, octaveBits) &- 1 &- firstPanel, 1, place)
            return drive - (drive - last) * Elementary.exp(remaining - longest)
        }
        let bits = remaining.bitPattern
        let one = Double(1).bitPattern
        let x = Double(bitPattern: ((bits &<< octaveBits) & (1 &<< 52 &- 1)) | one) - 1
        return value(potentials, EIFFit.panel(remaining, octaveBits) &- firstPanel, x, place)
    }

    @inline(__always)
    private func value(_ coefficients: UnsafePointer<Double>, _ panel: Int, _ x: Double, _ place: Double) -> Double {
        let first = coefficients + panel &* (EIFFit.terms &* order)
        if order == 1 { return EIFFit.polynomial(x) { first[$0] } }
        let eight = EIFFit.polynomial(x) { EightLanes(first + 8 &* $0) }
        let square = place * place
        let four = SIMD4<Double>.sum(eight.low, SIMD4<Double>.product(eight.high, square * square))
        let two = four.lowHalf + four.highHalf * square
        return two.x + two.y * place
    }

    /// Of degree 7, in few steps that wait for each other (Estrin's scheme).
    @inline(__always)
    private static func polynomial<Real: RealLanes>(_ x: Double, _ coefficient: (Int) -> Real) -> Real {
        let low = (coefficient(0) + coefficient(1) * x) + (coefficient(2) + coefficient(3) * x) * (x * x)
        let high = (coefficient(4) + coefficient(5) * x) + (coefficient(6) + coefficient(7) * x) * (x * x)
        return low + high * ((x * x) * (x * x))
    }

    /// Counts panels from r = 2^-1023.
    @inline(__always)
    private static func panel(_ remaining: Double, _ octaveBits: UInt64) -> Int {
        Int(truncatingIfNeeded: remaining.bitPattern &>> (52 &- octaveBits))
    }

    private static func border(_ panel: Int, _ octaveBits: UInt64) -> Double {
        Double(bitPattern: UInt64(panel) << (52 - octaveBits))
    }

    /// Coefficients per panel, of which a table's quintic leaves the last two 0.
    private static var terms: Int { 8 }

    private static func nodes(_ order: Int) -> [Double] { order == 1 ? [0] : PanelFit.points(degree: order - 1) }

    /// Coefficients as (panel, power of x, power of the drive's place).
    private static func fit(
        _ count: Int, _ flows: [EIFFlow], _ kind: FlowTable, border: (Int) -> Double,
        value: (EIFFlow, Double) -> Double, derivatives: (EIFFlow, Double) -> (Double, Double)
    ) throws(SpinnpropError) -> LargeBuffer<Double> {
        let order = flows.count
        let result = try LargeBuffer(count: count * terms * order, repeating: 0.0, "the neurons' tables")
        for panel in 0..<count {
            let (begin, end) = (border(panel), border(panel + 1))
            let fits = flows.map { flow in
                if kind == .chebyshev {
                    return PanelFit.chebyshev(
                        PanelFit.points(degree: terms - 1).map { value(flow, begin + $0 * (end - begin)) })
                }
                let (first, last) = (derivatives(flow, begin), derivatives(flow, end))
                return PanelFit.hermite(
                    width: end - begin, values: (value(flow, begin), value(flow, end)), slopes: (first.0, last.0),
                    curvatures: (first.1, last.1))
            }
            for power in fits[0].indices {
                let ofPlace = order == 1 ? [fits[0][power]] : PanelFit.chebyshev(fits.map { $0[power] })
                for (index, coefficient) in ofPlace.enumerated() {
                    result.pointer[(panel * terms + power) * order + index] = coefficient
                }
            }
        }
        return result
    }
}
