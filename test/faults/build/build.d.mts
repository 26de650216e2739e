export declare function buildFaultProduct(): Promise<void>;
export declare function buildProve(): Promise<void>;
