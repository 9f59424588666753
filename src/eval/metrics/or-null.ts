/** A figure as files hold it: null where it is not defined. */
export const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
