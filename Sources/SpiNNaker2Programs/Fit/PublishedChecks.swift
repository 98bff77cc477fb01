// What the constants and the costs predict for workloads whose measurements are published, beside those measurements.
import Mathematics
import Networks
import SpiNNaker2

/// One published number, the range that the account's constants allow for it, what that is worth, and why they differ where they do.
public struct PublishedCheck: Equatable, Sendable {
    public let workload: String
    public let quantity: String
    public let unit: String
    /// The range that the constants allow; its ends are equal where nothing about the workload is left open.
    public let predictedLow: Double
    public let predictedHigh: Double
    public let published: Double
    /// What the prediction rests on, and the reason for a difference.
    public let remark: String

    public let basis: Basis

    /// What the comparison is worth.
    public enum Basis: String, Sendable {
        /// Made without the measurement it is compared with, and able to miss it.
        case prediction
        /// Follows from that very measurement, or from the same publication.
        case derived
        /// A range so wide that the measurement could not have missed it.
        case bound
    }

    /// The factor, >= 1, between the published number and what is farthest from it in the predicted range, so that a wide range does not
    /// look like a good one; NaN for what is no prediction.
    public var factor: Double {
        guard basis == .prediction else { return .nan }
        return max(predictedHigh / published, published / predictedLow)
    }

    /// The published workloads, judged with a board's constants and the programs' costs. Sizes that are not published are not guessed: then the
    /// prediction is a range, or a ratio in which they cancel.
    ///
    /// The published Yin-Yang setting is left out where it does not fit the board.
    public static func all(_ options: SpiNNaker2Options) -> [PublishedCheck] {
        let constants = options.board.constants
        var checks = languageModel(constants) + [ePropMemory, ePropPower(constants), gestures(constants)]
        checks += [coreMark(constants, isHigh: false), coreMark(constants, isHigh: true)]
        checks += [throughput(constants, options.costs), synapticEnergy(constants, options.costs)]
        if let yinYang = yinYang(options) { checks.append(yinYang) }
        return checks
    }

    /// Watts of one chip with `pes` PEs that are at work for part of the time.
    private static func power(_ constants: SpiNNaker2Constants, pes: Double, activity: Double, isHigh: Bool) -> Double {
        let sleep = constants[isHigh ? .highSleepPower : .lowSleepPower]
        let cycle = constants[isHigh ? .highCycleEnergy : .lowCycleEnergy]
        let clock = constants[isHigh ? .highClock : .lowClock]
        return constants[.offPower] + pes * (sleep + activity * cycle * clock)
    }

    /// EGRU on 150 PEs: how busy they are is not published, so everything from asleep to busy is allowed.
    private static func languageModel(_ constants: SpiNNaker2Constants) -> [PublishedCheck] {
        let idle = power(constants, pes: 150, activity: 0, isHigh: false)
        let busy = power(constants, pes: 150, activity: 1, isHigh: false)
        let seconds = 170.25e-3
        let name = "EGRU language model, 150 PEs (arXiv 2312.09084)"
        return [
            PublishedCheck(
                workload: name, quantity: "mean power", unit: "W", predictedLow: idle, predictedHigh: busy,
                published: 0.39,
                remark:
                    "from all PEs asleep to all busy at 0.5 V; asleep at 0.8 V alone they would take more than is published",
                basis: .prediction),
            PublishedCheck(
                workload: name, quantity: "energy", unit: "J", predictedLow: idle * seconds,
                predictedHigh: busy * seconds, published: 65.3e-3,
                remark:
                    "the power above times the published 170.25 ms, so no prediction of its own; the time needs sizes and event "
                    + "rates that are not in the published summary",
                basis: .derived),
            PublishedCheck(
                workload: name, quantity: "memory a PE's data may take", unit: "B", predictedLow: 0,
                predictedHigh: Double(constants.dataBytes), published: 88.3e3,
                remark:
                    "of 96 kB for data the allocator gives buffers all but heap and stack: anything that ran at all lies below",
                basis: .bound),
        ]
    }

    /// On-chip learning with Adam, counted in float32 numbers per weight.
    private static var ePropMemory: PublishedCheck {
        // Weight and its gradient with the neurons; sum over copies, parameter, mean and square with the optimiser.
        let numbersPerWeight = 6.0
        return PublishedCheck(
            workload: "e-prop with Adam on chip, 25,000 weights (Frontiers in Neuroscience 2022)", quantity: "memory",
            unit: "B", predictedLow: 25_000 * 4 * numbersPerWeight, predictedHigh: 25_000 * 4 * (numbersPerWeight + 1),
            published: 680e3,
            remark:
                "what EventProp with Adam takes here for as many weights, without and with sums per sample; e-prop keeps "
                + "eligibility traces instead, and 680 kB include buffers we do not know",
            basis: .prediction)
    }

    /// 54.7 kJ in 586 h on 12 PEs, without what the chip takes with all PEs off.
    private static func ePropPower(_ constants: SpiNNaker2Constants) -> PublishedCheck {
        func pes(activity: Double) -> Double {
            power(constants, pes: 12, activity: activity, isHigh: false) - constants[.offPower]
        }
        return PublishedCheck(
            workload: "e-prop on 12 PEs, 54.7 kJ in 586 h (Frontiers in Neuroscience 2022)",
            quantity: "power of the PEs",
            unit: "W", predictedLow: pes(activity: 0), predictedHigh: pes(activity: 1),
            published: 54.7e3 / (586 * 3600),
            remark:
                "from 12 PEs asleep to 12 busy at 0.5 V, without the chip's power with all PEs off; how busy they are is not "
                + "published, which leaves this range",
            basis: .prediction)
    }

    /// The ratio in which the unknown size of the workload cancels: energy at the high level over energy at the low one.
    private static func gestures(_ constants: SpiNNaker2Constants) -> PublishedCheck {
        // Work that runs to its end takes time in inverse proportion to the clock.
        func energy(_ activity: Double, _ pes: Double, _ isHigh: Bool) -> Double {
            power(constants, pes: pes, activity: activity, isHigh: isHigh) / constants[isHigh ? .highClock : .lowClock]
        }
        let ratios = [(0.0, 1.0), (1.0, 1.0), (0.0, 148.0), (1.0, 148.0)].map { activity, pes in
            energy(activity, pes, true) / energy(activity, pes, false)
        }
        return PublishedCheck(
            workload: "gesture network, DVFS high against low (arXiv 2504.06748)",
            quantity: "energy at 0.8 V over energy at 0.5 V", unit: "1", predictedLow: ratios.min() ?? 0,
            predictedHigh: ratios.max() ?? 0, published: 1.023 / 2.010,
            remark:
                "1 to 148 PEs, asleep to busy. The published ratio lies at the end where power hardly depends on the PEs' level: "
                + "few PEs at work, or supplies in the measurement that the account does not count. The energies themselves need the "
                + "network's sizes and event rates, so they are not predicted",
            basis: .prediction)
    }

    private static func coreMark(_ constants: SpiNNaker2Constants, isHigh: Bool) -> PublishedCheck {
        let predicted = power(constants, pes: Double(QuadGrid.peCount), activity: 1, isHigh: isHigh)
        return PublishedCheck(
            workload: "CoreMark on all PEs at \(isHigh ? "0.8" : "0.5") V", quantity: "power", unit: "W",
            predictedLow: predicted, predictedHigh: predicted, published: isHigh ? 1247.9e-3 : 424.6e-3,
            remark: "energies per cycle were derived from this measurement", basis: .derived)
    }

    /// Cycles of a synaptic event, where one packet goes to 120 neurons, as from the input of the Yin-Yang network.
    private static func cyclesPerEvent(_ costs: ProgramCosts) -> Double {
        Double(costs.synapse) + Double(costs.packet) / 120
    }

    private static func throughput(_ constants: SpiNNaker2Constants, _ costs: ProgramCosts) -> PublishedCheck {
        let events = constants[.highClock] / cyclesPerEvent(costs)
        return PublishedCheck(
            workload: "synaptic events per PE at 300 MHz", quantity: "rate", unit: "1/s", predictedLow: events,
            predictedHigh: events, published: 12e6,
            remark:
                "our rows are dense float32 vectors that lie in SRAM, added without a look-up per synapse; the published "
                + "rate is that of sparse rows with a delay and a target in each synapse (25 cycles)",
            basis: .prediction)
    }

    private static func synapticEnergy(_ constants: SpiNNaker2Constants, _ costs: ProgramCosts) -> PublishedCheck {
        let cycles = cyclesPerEvent(costs)
        return PublishedCheck(
            workload: "a synaptic operation", quantity: "energy", unit: "J",
            predictedLow: cycles * constants[.lowCycleEnergy], predictedHigh: cycles * constants[.highCycleEnergy],
            published: 10e-12,
            remark:
                "at 0.5 V and at 0.8 V, the energy of a busy PE's cycles for a float32 weight (load, load, add, store) and its "
                + "part of a packet; what is published is about the energy of one cycle, and how it was measured we do not know",
            basis: .prediction)
    }

    /// Four PEs for each of 22 copies side by side, as the overview figure shows a copy, and one for the optimiser.
    private static func yinYang(_ options: SpiNNaker2Options) -> PublishedCheck? {
        guard let fit = try? SpiNNaker2Fit(sizes: [5, 120, 3], batch: 22, options: options), fit.fits else {
            return nil
        }
        return PublishedCheck(
            workload: "Yin-Yang 5-120-3, batch 22 (arXiv 2412.15021)", quantity: "PEs", unit: "1",
            predictedLow: Double(fit.usedPEs), predictedHigh: Double(fit.usedPEs), published: 22 * 4 + 1,
            remark:
                "\(fit.copies) copies of \(fit.pesPerCopy) PEs and \(fit.optimizerPEs) for the optimiser; the programs, one a PE, "
                + "were taken from the same paper, which shows four PEs a copy and the optimiser",
            basis: .derived)
    }
}
