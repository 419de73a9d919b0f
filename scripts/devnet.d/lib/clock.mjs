/** Unix time in whole microseconds. */
export const unixMicros = () => Math.round((performance.timeOrigin + performance.now()) * 1000);
