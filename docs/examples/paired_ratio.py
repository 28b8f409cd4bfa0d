"""The geometric mean of ratios that were measured in pairs, with its 95 % t-interval on their logarithms."""
import math

# Student's t, 0.975, for 1 to 30 degrees of freedom.
T975 = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788, 2.1604, 2.1448,
        2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484,
        2.0452, 2.0423]
MOST = len(T975) + 1


def ratio_interval(ratios):
    """(geometric mean, low, high) of 2 to MOST ratios, all > 0."""
    logs = [math.log(ratio) for ratio in ratios]
    mean = sum(logs) / len(logs)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in logs) / (len(logs) - 1))
    half = T975[len(logs) - 2] * deviation / math.sqrt(len(logs))
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)
