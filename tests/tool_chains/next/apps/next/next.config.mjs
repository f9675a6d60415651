// The packages lie elsewhere.
export default { turbopack: { root: "/" }, devIndicators: false };
